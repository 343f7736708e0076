/** The domain of AWS's services in a region: `amazonaws.com`, `amazonaws.com.cn`, `amazonaws.eu`, … */
export async function domainOf(region: string): Promise<string> {
  const { partition } = await import('@aws-sdk/core/client');
  return partition(region).dnsSuffix;
}

/** The region at the beginning of a pool's id (`eu-west-1_AbC`, `eu-west-1:0123-…`); null if there is none. */
export function regionOfPool(id: string): string | null {
  return /^([a-z]{2,}(?:-[a-z]+)+-\d+)[_:]/.exec(id)?.[1] ?? null;
}
