export function withTypeOnlyExports(declarations: string, values: readonly string[]): string;
