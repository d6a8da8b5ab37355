/** Addresses of `io.to(…)` in FANOUT=streams-adapter. Sockets do not join them: the hub knows who is meant. */
const USER = 'user:';
const CONVERSATION = 'conversation:';

export function userRoom(userId: string): string {
  return USER + userId;
}

export function conversationRoom(conversationId: string): string {
  return CONVERSATION + conversationId;
}

export function usersOfRooms(rooms: Iterable<string>): string[] {
  return [...rooms].filter((room) => room.startsWith(USER)).map((room) => room.slice(USER.length));
}
