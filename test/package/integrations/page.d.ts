// What the code blocks of README take from the page around them.
declare const token: string;
declare const agent: { readonly id: string; readonly name: string };
declare const process: { readonly env: Readonly<Record<string, string | undefined>> };
declare const acceptButton: HTMLButtonElement;
declare const declineButton: HTMLButtonElement;
declare function showNotice(code: string, remedy: string): void;
declare function showBanner(caller: string, headers: Readonly<Record<string, string>>): void;
declare function startTimer(): void;
declare function stopTimer(reason: string, durationMs: number): void;
declare function showCall(call: unknown): void;
declare function showLost(caller: string | undefined, reason: string): void;
