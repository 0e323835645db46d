// A set of piece numbers with the methods of the `bitfield` package: one bit a piece, high bit first, as on the wire.

export class Bitfield {
  /** The bits; spare ones behind the last piece are zero. */
  readonly buffer: Uint8Array;

  constructor(data: number | Uint8Array) {
    this.buffer = typeof data === 'number' ? new Uint8Array(Math.ceil(data / 8)) : data;
  }

  /** Bits that there is room for: eight a byte. */
  get length(): number {
    return this.buffer.length * 8;
  }

  get(index: number): boolean {
    return (((this.buffer[index >> 3] ?? 0) << (index & 7)) & 0x80) !== 0;
  }

  set(index: number, value = true): void {
    if (index < 0 || index >= this.length) return;
    const bit = 0x80 >> (index & 7);
    const byte = this.buffer[index >> 3] ?? 0;
    this.buffer[index >> 3] = value ? byte | bit : byte & ~bit;
  }

  forEach(visit: (value: boolean, index: number) => void, start = 0, end = this.length): void {
    for (let index = start; index < end; index++) visit(this.get(index), index);
  }

  isEmpty(): boolean {
    return this.buffer.every((byte) => byte === 0);
  }
}
