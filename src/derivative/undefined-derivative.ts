export function checkStrict(_f: (...args: never[]) => unknown, _args: readonly unknown[]): void {}
