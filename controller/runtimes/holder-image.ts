/** The image of containers that only hold a network: one program, which does nothing, for ever. */
import { Readable } from "node:stream";
import type Docker from "dockerode";
import { packTar } from "../../wire/tar.ts";
import { jsonLines } from "./json-lines.ts";

export const holderImage = "asci/network:1";
export const holderProgram = "/hold";

interface Machine {
  /** `e_machine` of the ELF format. */
  readonly elf: number;
  /** Position-independent code. */
  readonly code: readonly number[];
  readonly pageBytes: number;
}

/** By the engine's word for its architecture, which is the kernel's. */
const machines: Record<string, Machine> = {
  // again: mov $34,%eax (pause); syscall; jmp again
  x86_64: { elf: 62, code: [0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7], pageBytes: 0x1000 },
  aarch64: { elf: 183, code: armWords(), pageBytes: 0x10000 },
};

/** There is no pause(2) on arm64: ppoll of nothing, without a limit. */
function armWords(): number[] {
  const words = [
    0xd2800928, // again: mov x8, #73 (ppoll)
    0xd2800000, // mov x0, #0
    0xd2800001, // mov x1, #0
    0xd2800002, // mov x2, #0
    0xd2800003, // mov x3, #0
    0xd4000001, // svc #0
    0x17fffffa, // b again
  ];
  return words.flatMap((it) => [it & 0xff, (it >>> 8) & 0xff, (it >>> 16) & 0xff, it >>> 24]);
}

const headerBytes = 64;
const segmentBytes = 56;
const loadAddress = 0x400000n;

/**
 * An executable of one segment (System V ABI, "ELF-64 Object File Format").
 * @param architecture such as `x86_64`
 * @returns undefined for one that it is not written for
 */
export function holderBinary(architecture: string): Buffer | undefined {
  const machine = machines[architecture];
  if (machine === undefined) return undefined;
  const start = headerBytes + segmentBytes;
  const size = BigInt(start + machine.code.length);
  const file = Buffer.alloc(Number(size));
  // 64 bits, little-endian, version 1.
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).copy(file);
  file.writeUInt16LE(2, 16); // e_type: executable
  file.writeUInt16LE(machine.elf, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(loadAddress + BigInt(start), 24); // e_entry
  file.writeBigUInt64LE(BigInt(headerBytes), 32); // e_phoff
  file.writeUInt16LE(headerBytes, 52);
  file.writeUInt16LE(segmentBytes, 54);
  file.writeUInt16LE(1, 56); // e_phnum
  file.writeUInt32LE(1, headerBytes); // p_type: loaded
  file.writeUInt32LE(5, headerBytes + 4); // p_flags: read, execute
  file.writeBigUInt64LE(loadAddress, headerBytes + 16);
  file.writeBigUInt64LE(loadAddress, headerBytes + 24);
  file.writeBigUInt64LE(size, headerBytes + 32);
  file.writeBigUInt64LE(size, headerBytes + 40);
  file.writeBigUInt64LE(BigInt(machine.pageBytes), headerBytes + 48);
  Buffer.from(machine.code).copy(file, start);
  return file;
}

/**
 * Gives the engine the image.
 * @returns false where there is none for its architecture
 */
export async function importHolderImage(docker: Docker): Promise<boolean> {
  const { Architecture } = (await docker.info()) as { Architecture?: string };
  const content = holderBinary(Architecture ?? "");
  if (content === undefined) return false;
  const archive = packTar([{ name: holderProgram.slice(1), content, executable: true }]);
  const [repo, tag] = holderImage.split(":");
  const lines = await docker.importImage(Readable.from([archive]), { repo, tag });
  for await (const line of jsonLines(lines as Readable)) {
    const { error } = line as { error?: string };
    if (error !== undefined) throw new Error(error);
  }
  return true;
}
