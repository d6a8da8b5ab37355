import { ctr } from './commands.ts';

/** Loads an archive into the node; layers that are there already cost little. */
export async function importImage(file: string): Promise<void> {
  await ctr('images', 'import', file);
}

/** The digest that a name stands for on the node; undefined when it is not there. */
export async function importedDigest(fullName: string): Promise<string | undefined> {
  const line = (await ctr('images', 'ls', `name==${fullName}`)).split('\n').find((text) => text.startsWith(`${fullName} `));
  return /sha256:[0-9a-f]{64}/.exec(line ?? '')?.[0];
}
