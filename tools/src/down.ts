import { runMain } from './process.ts';
import { readState, removeState } from './local/state.ts';
import { stopAll } from './local/stop.ts';

runMain(async () => {
  const stopped = await stopAll(readState());
  removeState();
  process.stdout.write(stopped.length > 0 ? `stopped ${stopped.join(', ')}; the data in .local/ stays\n` : 'nothing was running\n');
});
