/** How clients reach the floor: by hand on bare `ws`, or through Socket.IO. What is delivered is written past both. */
import type { Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import { Server } from 'socket.io';
import { Sender, type WebSocket, WebSocketServer } from 'ws';

export interface Message {
  userId: string;
  conversationId: string;
  clientMsgId: string;
  body: string;
}

export interface App {
  join(userId: string, socket: Socket): Promise<void>;
  /** The id of the message, once it is stored. */
  send(message: Message): Promise<string>;
}

export type Wire = (http: HttpServer, app: App) => void;

export const frameOf = (text: string) =>
  Buffer.concat(Sender.frame(Buffer.from(text), { readOnly: false, mask: false, rsv1: false, opcode: 1, fin: true }));
const bare = (socket: WebSocket) => (socket as unknown as { _socket: Socket })._socket;

export const bareWire: Wire = (http, app) => {
  const receive = (socket: Socket, userId: string, text: string) => {
    const bracket = text.indexOf('[');
    const [, message] = JSON.parse(text.slice(bracket)) as [string, Omit<Message, 'userId'>];
    const ack = text.slice(2, bracket);
    void app.send({ ...message, userId }).then((id) => socket.write(frameOf(`43${ack}[{"ok":true,"data":{"id":"${id}"}}]`)));
  };
  const welcome = async (socket: WebSocket, { userId }: { userId: string }) => {
    await app.join(userId, bare(socket));
    socket.on('message', (data: Buffer) => receive(bare(socket), userId, data.toString()));
    bare(socket).write(Buffer.concat([frameOf('40{"sid":"floor"}'), frameOf('42["session:ready",{}]')]));
  };
  new WebSocketServer({ server: http, perMessageDeflate: false }).on('connection', (socket) => {
    socket.on('error', () => socket.terminate());
    bare(socket).write(frameOf('0{"sid":"floor","upgrades":[],"pingInterval":600000,"pingTimeout":600000,"maxPayload":1000000}'));
    socket.once('message', (data: Buffer) => void welcome(socket, JSON.parse(data.toString().slice(2)) as { userId: string }));
  });
};

export const socketIoWire: Wire = (http, app) => {
  new Server(http, { transports: ['websocket'], perMessageDeflate: false }).on('connection', async (socket) => {
    const { userId } = socket.handshake.auth as { userId: string };
    const { transport } = socket.conn as unknown as { transport: { socket: WebSocket } };
    socket.on('message:send', (message: Omit<Message, 'userId'>, ack: (answer: object) => void) => {
      void app.send({ ...message, userId }).then((id) => ack({ ok: true, data: { id } }));
    });
    await app.join(userId, bare(transport.socket));
    socket.emit('session:ready', {});
  });
};
