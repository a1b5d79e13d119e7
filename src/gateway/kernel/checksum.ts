/** The checksum of IP, TCP and ICMP (RFC 1071). @param bytes an even number of them @param start a sum to add to */
export function checksum(bytes: Buffer, start = 0): number {
  let sum = start;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
