/** A bare RFB client on a desktop's socket, which sends whatever it is told to. */
import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { ByteQueue } from "../controller/relay/byte-queue.ts";
import { clientMessages } from "../controller/relay/rfb-testing.ts";
import { connectUpstream } from "../controller/relay/upstream.ts";
import { BufferPool } from "../wire/buffers.ts";

const pool = new BufferPool();
const requestedPixels = { width: 16, height: 16 };
const extensions = {
  desktopSize: -223,
  extendedDesktopSize: -308,
  qemuKey: -258,
  fence: -312,
  continuousUpdates: -313,
  extendedMouse: -316,
  extendedClipboard: 0xc0a1e5ce | 0,
} as const;
const encodings = { raw: 0, copyRect: 1, cursor: -239, ...extensions } as const;
const everything = [encodings.raw, ...Object.values(extensions)];

export interface RfbClientOptions {
  /** The folder that the desktop's `vnc.sock` is in. */
  readonly root: string;
  /** Exactly 8 characters. */
  readonly password: string;
  /** What everything passes that is sent; what it throws ends the connection. */
  readonly filter?: ((chunk: Buffer) => Buffer[]) | undefined;
  /** Whether all extensions are asked for that this client understands; else the picture only. */
  readonly extensions?: boolean;
  /** Whether it follows the whole screen from now on, as a viewer does. */
  readonly follow?: boolean;
}

/** RFC 6143: CopyRect (7.7.2), and the cursor's shape apart from the picture (7.8.1). */
const following = [encodings.copyRect, encodings.raw, encodings.cursor];
const bytesPerPixel = 4;

/** A client that is signed in and has told its encodings. */
export class RfbClient {
  /** Lengths of the clipboard messages that came; negative in the extended form. */
  readonly cutTexts: number[] = [];
  /** The encodings of all rectangles that came. */
  readonly rectangles = new Set<number>();
  /** Settles when the connection is over, whoever ended it. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #filter: (chunk: Buffer) => Buffer[];
  readonly #bytes = new ByteQueue();
  #arrived: () => void = () => {};
  #over = false;
  #pictures = 0;
  #pictureCame: () => void = () => {};
  #screen: { width: number; height: number; pixels: Buffer } | undefined;

  static async connect(options: RfbClientOptions): Promise<RfbClient> {
    const { root, password, filter, follow = false } = options;
    const upstream = await connectUpstream({
      root,
      name: "vnc.sock",
      password: Buffer.from(password, "latin1"),
      pool,
    });
    const client = new RfbClient(upstream.socket, filter ?? ((chunk) => [chunk]));
    upstream.pump.consume((chunk) => {
      client.#bytes.push(chunk);
      client.#arrived();
    });
    upstream.socket.write(Buffer.from([1]));
    const init = await client.#take(24);
    await client.#take(init.readUInt32BE(20));
    client.#run().catch(() => upstream.socket.destroy());
    if (follow) client.#follow(init.readUInt16BE(0), init.readUInt16BE(2));
    else client.send(clientMessages.encodings(options.extensions ? everything : [encodings.raw]));
    return client;
  }

  private constructor(socket: Socket, filter: (chunk: Buffer) => Buffer[]) {
    this.#socket = socket;
    this.#filter = filter;
    this.closed = new Promise((resolve) => {
      socket.on("error", () => {}).on("end", () => socket.destroy());
      socket.on("close", () => {
        this.#over = true;
        this.#arrived();
        this.#pictureCame();
        resolve();
      });
    });
  }

  send(...messages: Buffer[]): void {
    try {
      for (const part of this.#filter(Buffer.concat(messages))) this.#socket.write(part);
    } catch {
      this.#socket.destroy();
    }
  }

  /** Asks for a piece of the picture and waits for its pixels; false when the connection ended. */
  async picture(): Promise<boolean> {
    const before = this.#pictures;
    this.#ask(false);
    while (this.#pictures === before && !this.#over) {
      await new Promise<void>((resolve) => {
        this.#pictureCame = resolve;
      });
    }
    return !this.#over;
  }

  /** Where it follows: the screen as it came, 4 bytes a pixel (blue, green, red, nothing). */
  get screen(): { readonly width: number; readonly height: number; readonly pixels: Buffer } {
    if (this.#screen === undefined) throw new Error("this client does not follow the screen");
    return this.#screen;
  }

  close(): void {
    this.#socket.destroy();
  }

  #follow(width: number, height: number): void {
    this.#screen = { width, height, pixels: Buffer.alloc(width * height * bytesPerPixel) };
    this.send(clientMessages.encodings(following));
    this.#ask(false);
  }

  #ask(incremental: boolean): void {
    const { width, height } = this.#screen ?? requestedPixels;
    this.send(clientMessages.updateRequest(incremental, width, height));
  }

  async #take(count: number): Promise<Buffer> {
    for (;;) {
      const taken = this.#bytes.take(count);
      if (taken !== undefined) return taken;
      if (this.#over) throw new Error("the desktop closed the connection");
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
  }

  async #run(): Promise<void> {
    for (;;) await this.#readMessage((await this.#take(1)).readUInt8());
  }

  async #readMessage(type: number): Promise<void> {
    if (type === 0) await this.#readUpdate();
    else if (type === 3) await this.#readCutText();
    else if (type === 248) await this.#readFence();
    // The bell and the end of continuous updates have nothing more.
    else if (type !== 2 && type !== 150) throw new Error(`server message ${type}`);
  }

  async #readUpdate(): Promise<void> {
    const count = (await this.#take(3)).readUInt16BE(1);
    let pixels = false;
    for (let i = 0; i < count; i += 1) pixels = (await this.#readRectangle()) || pixels;
    if (pixels) {
      this.#pictures += 1;
      this.#pictureCame();
    }
    // Xvnc answers a request for everything with a notice of its size, alone.
    if (!pixels || this.#screen) this.#ask(true);
  }

  /** @returns whether it brought pixels */
  async #readRectangle(): Promise<boolean> {
    const head = await this.#take(12);
    const [x, y] = [head.readUInt16BE(0), head.readUInt16BE(2)];
    const [width, height] = [head.readUInt16BE(4), head.readUInt16BE(6)];
    const encoding = head.readInt32BE(8);
    this.rectangles.add(encoding);
    switch (encoding) {
      case encodings.raw:
        this.#paint(x, y, width, await this.#take(bytesPerPixel * width * height));
        return true;
      case encodings.copyRect: {
        const from = await this.#take(4);
        this.#paint(
          x,
          y,
          width,
          this.#cut(from.readUInt16BE(0), from.readUInt16BE(2), width, height),
        );
        return true;
      }
      case encodings.cursor:
        await this.#take((bytesPerPixel * width + Math.ceil(width / 8)) * height);
        return false;
      case encodings.extendedDesktopSize:
        await this.#take(16 * (await this.#take(4)).readUInt8());
        return false;
      default:
        return false;
    }
  }

  #cut(x: number, y: number, width: number, height: number): Buffer {
    const { pixels, width: stride } = this.screen;
    const rows = Array.from({ length: height }, (_, row) => {
      const at = ((y + row) * stride + x) * bytesPerPixel;
      return pixels.subarray(at, at + width * bytesPerPixel);
    });
    return Buffer.concat(rows);
  }

  #paint(x: number, y: number, width: number, data: Buffer): void {
    if (!this.#screen) return;
    const rowBytes = width * bytesPerPixel;
    for (let row = 0; row * rowBytes < data.length; row += 1) {
      const at = ((y + row) * this.#screen.width + x) * bytesPerPixel;
      data.copy(this.#screen.pixels, at, row * rowBytes, (row + 1) * rowBytes);
    }
  }

  async #readCutText(): Promise<void> {
    const length = (await this.#take(7)).readInt32BE(3);
    await this.#take(Math.abs(length));
    this.cutTexts.push(length);
  }

  async #readFence(): Promise<void> {
    const head = await this.#take(8);
    const payload = await this.#take(head.readUInt8(7));
    this.send(clientMessages.fence(head.readUInt32BE(3) & 0x7fff_ffff, payload));
  }
}
