// create-torrent as a page uses it. Reads a list of cases from standard input, and prints the .torrent file of each in hex.

import createTorrent from 'create-torrent'

const bytes = (size, first) => Uint8Array.from({ length: size }, (_, i) => i * 31 + first)

const makers = {
  file: (data, path) => new File([data], path.split('/').at(-1)),
  blob: (data) => new Blob([data]),
  bytes: (data) => data
}

function input ({ kind, path, size, first }) {
  const made = makers[kind](bytes(size, first), path)
  if (path.includes('/')) Object.defineProperty(made, 'fullPath', { value: path })
  else if (path && kind !== 'file') made.name = path
  return made
}

const make = ({ inputs, options }) =>
  new Promise((resolve, reject) =>
    createTorrent(inputs.map(input), options, (error, torrent) => (error ? reject(error) : resolve(torrent))))

let text = ''
for await (const part of process.stdin) text += part
const torrents = []
for (const each of JSON.parse(text)) torrents.push(Buffer.from(await make(each)).toString('hex'))
console.log(JSON.stringify(torrents))
