/** The objects of a file. A file never keeps more than its upload (removed when complete), content and thumbnail. */
const folder = (fileId: string) => `files/${fileId.slice(0, 2)}/${fileId}`;

export const uploadKey = (fileId: string): string => `${folder(fileId)}/upload`;
/** 1 is the first. */
export const partKey = (fileId: string, part: number): string => `${folder(fileId)}/part-${part}`;
/** As uploaded and verified; of an image only until it is cleaned. */
export const originalKey = (fileId: string): string => `${folder(fileId)}/original`;
/** What is downloaded. */
export const contentKey = (fileId: string): string => `${folder(fileId)}/content`;
export const thumbnailKey = (fileId: string): string => `${folder(fileId)}/thumbnail`;

export function uploadKeys(fileId: string, parts: number): string[] {
  return parts === 0 ? [uploadKey(fileId)] : Array.from({ length: parts }, (_, i) => partKey(fileId, i + 1));
}

export function allKeys(fileId: string, parts: number): string[] {
  return [...uploadKeys(fileId, parts), originalKey(fileId), contentKey(fileId), thumbnailKey(fileId)];
}

/** Of part `part` (from 1) when `bytes` are cut into `parts`: all but the last are of one size. */
export function partRange(bytes: number, parts: number, part: number): { offset: number; bytes: number } {
  const size = Math.ceil(bytes / parts);
  const offset = (part - 1) * size;
  return { offset, bytes: Math.min(size, bytes - offset) };
}
