import type { QualityGrade } from './sample';

/** Lowest score of each grade; see the type. */
const GRADES: readonly (readonly [lowestMos: number, grade: QualityGrade])[] = [
  [4.2, 'excellent'],
  [4.03, 'good'],
  [3.6, 'fair'],
  [3.1, 'poor'],
];

export function gradeOf(mos: number): QualityGrade {
  return GRADES.find(([lowestMos]) => mos >= lowestMos)?.[1] ?? 'bad';
}
