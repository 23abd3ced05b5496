export function packagesMatch(folder: string): boolean;
