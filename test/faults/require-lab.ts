/** Vitest global setup: without the laboratory around them these tests would fail one by one, and say nothing of why. */
export function setup(): void {
  if (process.env['FAULTS_LAB'] === undefined) throw new Error('Run these tests by: npm run test:faults');
}
