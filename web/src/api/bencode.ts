// Reads bencoding that the engine has checked already, for those who look into `torrent.info`.

export type Bencoded = number | Uint8Array | Bencoded[] | { [key: string]: Bencoded };

const [COLON, DICT, END, INT, LIST] = [...':deil'].map((char) => char.charCodeAt(0));
const text = new TextDecoder();

export function decode(bytes: Uint8Array): Bencoded {
  let at = 0;
  return value();

  function value(): Bencoded {
    switch (bytes[at]) {
      case INT:
        at++;
        return number(END);
      case LIST: {
        const list: Bencoded[] = [];
        for (at++; bytes[at] !== END; ) list.push(value());
        at++;
        return list;
      }
      case DICT: {
        // A key may be named like something that every object has.
        const dict = Object.create(null) as { [key: string]: Bencoded };
        for (at++; bytes[at] !== END; ) dict[text.decode(string())] = value();
        at++;
        return dict;
      }
      default:
        return string();
    }
  }

  function number(end: number | undefined): number {
    const stop = bytes.indexOf(end ?? 0, at);
    const found = Number(text.decode(bytes.subarray(at, stop)));
    at = stop + 1;
    return found;
  }

  function string(): Uint8Array {
    const length = number(COLON);
    at += length;
    return bytes.subarray(at - length, at);
  }
}
