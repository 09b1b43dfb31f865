/**
 * Has the browser ask before the page is left (HTML, `beforeunload`) while `isLive` says so. Browsers ask only on a page
 * that was clicked or typed into. Returns what takes it back.
 */
export function askBeforeLeaving(isLive: () => boolean): () => void {
  const onBeforeUnload = (event: Event) => {
    if (!isLive()) return;
    event.preventDefault();
    // Chrome before 119 asks only when there is a value to return.
    Reflect.set(event, 'returnValue', true);
  };
  globalThis.addEventListener('beforeunload', onBeforeUnload);
  return () => {
    globalThis.removeEventListener('beforeunload', onBeforeUnload);
  };
}
