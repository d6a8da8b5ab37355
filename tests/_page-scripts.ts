/** Run inside a page; as text, because these names are the browser's and not this program's. */
export const shellControls = 'navigator.serviceWorker.ready.then(() => navigator.serviceWorker.controller !== null)';

export const hideStorage = "Object.defineProperty(StorageManager.prototype, 'getDirectory', { value: undefined })";

/** Names of the folders in the origin private file system. */
export const folders = 'navigator.storage.getDirectory().then((root) => Array.fromAsync(root.keys()))';

/** Whether a file of the copy holds the text: SQLite stores it as it is. */
export const holds = (folder: string, text: string) => `(async () => {
  const root = await navigator.storage.getDirectory();
  const files = await (await root.getDirectoryHandle('${folder}')).getDirectoryHandle('.opaque');
  for await (const [, file] of files) if ((await (await file.getFile()).text()).includes('${text}')) return true;
  return false;
})()`;

/** Overwrites every file of the copy behind its header; gives how many there were. */
export const spoil = (folder: string) => `(async () => {
  const root = await navigator.storage.getDirectory();
  const files = await (await root.getDirectoryHandle('${folder}')).getDirectoryHandle('.opaque');
  let count = 0;
  for await (const [, file] of files) {
    const writable = await file.createWritable({ keepExistingData: true });
    await writable.write({ type: 'write', position: 4096, data: new Uint8Array(8192).fill(120) });
    await writable.close();
    count += 1;
  }
  return count;
})()`;

/** What the offline store keeps in `localStorage`. */
export const keptKeys = 'Object.keys(localStorage).filter((key) => /^chat\\.(account|outbox)/.test(key))';
