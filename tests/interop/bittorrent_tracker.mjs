// bittorrent-tracker as its users run it, on one port for HTTP and WebSockets. Prints its port.

import Server from 'bittorrent-tracker/server'

const server = new Server({ udp: false, http: true, ws: true, stats: false })
server.on('error', (error) => console.error(`error: ${error.message}`))
server.listen(0, '127.0.0.1', () => console.log(server.http.address().port))
