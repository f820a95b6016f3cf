/**
 * Who is counted as one: an IPv4 address, or the /64 of an IPv6 one, which whoever has one address of it has
 * whole.
 */
export function networkOf(address: string | null): string {
  if (address === null) return "unknown";
  const [plain = ""] = address.toLowerCase().split("%");
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain)?.[1];
  if (mapped) return mapped;
  if (!plain.includes(":")) return plain;
  const [head = "", tail] = plain.split("::");
  const parts = (text: string) => (text === "" ? [] : text.split(":"));
  const [before, after] = [parts(head), parts(tail ?? "")];
  const gap = Math.max(0, 8 - before.length - after.length);
  const all = [...before, ...Array.from({ length: gap }, () => "0"), ...after];
  return `${all
    .slice(0, 4)
    .map((it) => it.replace(/^0+(?=.)/, ""))
    .join(":")}::/64`;
}
