/** What a test of the example page does not let pass. */
import type { Page } from 'playwright-core';

/** What a machine that is busy with other tests makes the SDK say: its database answers late. Nothing is lost by it. */
const OF_A_BUSY_MACHINE = 'the choice of devices comes late';

/** Collects errors, warnings and dialogs of a page. */
export function collectComplaints(page: Page, complaints: string[]): void {
  page.on('console', (message) => {
    if (!['error', 'warning'].includes(message.type()) || message.text().includes(OF_A_BUSY_MACHINE)) return;
    complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => {
    // The browser's question before a page with a call is left: the agent means it.
    if (dialog.type() === 'beforeunload') return void dialog.accept();
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
}
