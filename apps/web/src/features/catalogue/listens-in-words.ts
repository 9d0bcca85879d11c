import type { BlockPointView } from "@mailbrake/contract";

/** `0.0.0.0:25, [::]:25`; empty for what has no listener. */
export function listensInWords({ listens }: Pick<BlockPointView, "listens">): string {
  return listens
    .map(({ address, port }) => (address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`))
    .join(", ");
}
