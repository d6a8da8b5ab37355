import { ServiceError } from '../process.ts';

const fanoutModes = ['routed', 'streams-adapter'] as const;

export interface ChaosSettings {
  fanouts: readonly string[];
  /** Only the faults whose name it matches; nothing is then written. */
  only: RegExp | undefined;
  seed: number;
}

/** Pure; throws an error that names the variable. */
export function parseChaosSettings(env: Record<string, string | undefined>, anySeed: number): ChaosSettings {
  const { FANOUT: fanout = '', FAULT: fault = '', SEED: text = '' } = env;
  if (fanout !== '' && !fanoutModes.some((mode) => mode === fanout))
    throw new ServiceError(`FANOUT="${fanout}" must be ${fanoutModes.join(' or ')}; without it both run`);
  const seed = text === '' ? anySeed : Number(text);
  if (!Number.isInteger(seed) || seed < 0) throw new ServiceError(`SEED="${text}" must be a whole number`);
  return { fanouts: fanout === '' ? fanoutModes : [fanout], only: fault === '' ? undefined : toPattern(fault), seed };
}

function toPattern(text: string): RegExp {
  try {
    return new RegExp(text, 'i');
  } catch (cause) {
    throw new ServiceError(`FAULT="${text}" is not a regular expression`, { cause });
  }
}
