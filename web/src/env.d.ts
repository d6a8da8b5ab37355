/** The id of this build, as `/build.json` of the server says for the one that it serves. */
declare const __BUILD__: string;

declare module 'virtual:emoji/*' {
  export const emoji: [text: string, group: number, name: string, words: string][];
}
