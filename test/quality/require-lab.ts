/** Vitest global setup: without the runner around them these tests would leave no record of what they found. */
export function setup(): void {
  if (process.env['QUALITY_LAB'] === undefined) throw new Error('Run these tests by: npm run test:quality');
}
