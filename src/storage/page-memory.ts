const PREFIX = '2chat-voice:';

/** What outlives a page in the same tab (HTML, `sessionStorage`); nothing where the browser refuses it. */
export function remembered(name: string): string | undefined {
  try {
    return globalThis.sessionStorage.getItem(PREFIX + name) ?? undefined;
  } catch {
    // Absent, or blocked for this page.
    return undefined;
  }
}

export function remember(name: string, value: string): void {
  try {
    globalThis.sessionStorage.setItem(PREFIX + name, value);
  } catch {
    // Absent, blocked or full: the next page in this tab is a new phone then.
  }
}
