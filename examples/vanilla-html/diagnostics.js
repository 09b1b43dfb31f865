/** A file for support: no credentials, numbers, names or addresses are in it. */

/** @param {object} device of the SDK @throws VoiceSDKError */
export async function downloadDiagnostics(device) {
  const diagnostics = await device.exportDiagnostics();
  downloadJson(`phone-diagnostics-${diagnostics.createdAt.replaceAll(':', '-')}.json`, diagnostics);
}

export function downloadJson(fileName, data) {
  const url = URL.createObjectURL(new Blob([JSON.stringify(data, null, 2)], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  // The browser has taken the file by then; until it has, the URL must live.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
