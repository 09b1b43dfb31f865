/** What this room uses of the browser, typed as it is: any of it may be missing (a server, an insecure page). */
interface BrowserGlobals {
  readonly navigator?: { readonly mediaDevices?: MediaDevices; readonly permissions?: Permissions };
  readonly document?: Document;
  readonly Audio?: typeof Audio;
  readonly AudioContext?: typeof AudioContext;
  readonly AudioWorkletNode?: typeof AudioWorkletNode;
  readonly HTMLMediaElement?: typeof HTMLMediaElement;
}

// Members are read at each use, so that importing this on a server touches nothing.
export const browser = globalThis as BrowserGlobals;

/** The id that stands for "whatever the system uses": Chromium lists it as `default`, the others do not list it. */
export const SYSTEM_DEFAULT = '';

/** One spelling for the system default; other ids unchanged. */
export function normalizeDeviceId(deviceId: string | undefined): string {
  return deviceId === undefined || deviceId === 'default' ? SYSTEM_DEFAULT : deviceId;
}
