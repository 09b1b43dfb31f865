/** The one place that loads werift, an optional peer dependency that only a running sandbox needs. */
export type Werift = typeof import('werift');

let loaded: Promise<Werift> | undefined;

/** @throws Error naming the install command when the package is missing. */
export function loadWerift(): Promise<Werift> {
  loaded ??= import('werift').catch((cause: unknown) => {
    loaded = undefined;
    throw new Error('The sandbox needs the package "werift": npm install --save-dev werift@0.24.4 ws', {
      cause,
    });
  });
  return loaded;
}
