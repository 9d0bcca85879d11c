/** Addresses and networks of mail clients, in one canonical form so that equal things are equal as text. */
import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;
export type Network = [Address, number];

export type NetworkResult = { ok: true; network: Network; text: string } | { ok: false; why: string };

const widthOf = (address: Address) => (address.kind() === "ipv4" ? 32 : 128);

/** 10.0.0.1 and ::ffff:10.0.0.1 are the same client. */
function unmapped([address, bits]: Network): Network {
  if (address.kind() === "ipv6" && (address as ipaddr.IPv6).isIPv4MappedAddress() && bits >= 96)
    return [(address as ipaddr.IPv6).toIPv4Address(), bits - 96];
  return [address, bits];
}

function networkText([address, bits]: Network): string {
  const text = address.kind() === "ipv4" ? address.toString() : (address as ipaddr.IPv6).toRFC5952String();
  return bits === widthOf(address) ? text : `${text}/${bits}`;
}

function networkStart(address: Address, bits: number): Address {
  const bytes = address.toByteArray().map((byte, index) => {
    const kept = Math.min(8, Math.max(0, bits - index * 8));
    return byte & (0xff << (8 - kept)) & 0xff;
  });
  return ipaddr.fromByteArray(bytes);
}

/**
 * Reads an address or a network in CIDR form, e.g. `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`.
 * Short and octal forms (`10.1`, `010.0.0.1`) are refused: programs read them differently.
 */
export function parseNetwork(text: string): NetworkResult {
  const [host = "", prefix, ...rest] = text.split("/");
  const isFour = ipaddr.IPv4.isValidFourPartDecimal(host) && !/(^|\.)0[0-9]/.test(host);
  const isSix = host.includes(":") && !host.includes("%") && ipaddr.IPv6.isValid(host);
  if (rest.length > 0 || (!isFour && !isSix))
    return { ok: false, why: "write an address or a network, such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32" };
  const address = ipaddr.parse(host);
  const width = widthOf(address);
  if (prefix !== undefined && !(/^(0|[1-9][0-9]{0,2})$/.test(prefix) && Number(prefix) <= width))
    return { ok: false, why: `write the number of bits after the slash as 0 to ${width}` };
  const bits = prefix === undefined ? width : Number(prefix);
  const start = networkStart(address, bits);
  if (start.toString() !== address.toString()) {
    const network = networkText(unmapped([start, bits]));
    return { ok: false, why: `${host} is not the first address of a /${bits}; write ${network} or the address alone` };
  }
  const network = unmapped([address, bits]);
  return { ok: true, network, text: networkText(network) };
}

/** Whether `outer` holds every address of `inner`; IPv4 and its mapped IPv6 form are one. */
export function networkContains(outer: Network, inner: Network): boolean {
  const [outerAddress, outerBits] = outer;
  const [innerAddress, innerBits] = inner;
  if (outerAddress.kind() === innerAddress.kind())
    return innerBits >= outerBits && innerAddress.match(outerAddress, outerBits);
  if (outerAddress.kind() === "ipv6" && innerAddress.kind() === "ipv4")
    return outerBits <= 96 && (innerAddress as ipaddr.IPv4).toIPv4MappedAddress().match(outerAddress, outerBits);
  return false;
}

/** Whether the address, as text, lies in the network, as text; false where either can't be read. */
export function networkHolds(network: string, address: string): boolean {
  const outer = parseNetwork(network);
  const inner = parseNetwork(address.replace(/%.*$/, ""));
  return outer.ok && inner.ok && networkContains(outer.network, inner.network);
}
