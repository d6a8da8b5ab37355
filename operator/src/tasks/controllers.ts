import type { Watches } from '../controller/watches.ts';
import { backups, restores } from '../controller/kinds.ts';
import type { TaskStore } from '../controller/task-store.ts';
import type { Reconcile } from '../runtime/controller.ts';
import { keyOf, type KubeObject } from '../runtime/object.ts';
import { planBackup } from './plan-backup.ts';
import { planRestore } from './plan-restore.ts';
import { createTaskReconcile, type TaskDeps } from './reconcile.ts';

export interface TaskController {
  name: string;
  reconcile: Reconcile;
  /** `add` is called with keys that may have to be looked at. The answer ends it. */
  wake(add: (key: string) => void): () => void;
}

export function createTaskControllers(deps: TaskDeps): TaskController[] {
  const { watches } = deps;
  return [
    {
      name: 'chatcluster-backup',
      reconcile: createTaskReconcile(deps, { role: 'backup', resource: backups, store: watches.backups, plan: planBackup }),
      wake: (add) => wake(watches, watches.backups, add),
    },
    {
      name: 'chatcluster-restore',
      reconcile: createTaskReconcile(deps, {
        role: 'restore',
        resource: restores,
        store: watches.restores,
        plan({ task, world }) {
          const { name } = task.spec.source.backupRef ?? {};
          const backup = name === undefined ? undefined : watches.backups.get(keyOf({ namespace: task.metadata.namespace, name }));
          return planRestore({ task, world, backup });
        },
      }),
      wake: (add) => {
        const ends = [wake(watches, watches.restores, add), wakeByBackups(watches, add)];
        return () => {
          for (const end of ends) end();
        };
      },
    },
  ];
}

type Add = (key: string) => void;

/** By the resource itself, and by whatever happens to its ChatCluster: Jobs and pods are told of under its key. */
function wake<T extends KubeObject>(watches: Watches, store: TaskStore<T>, add: Add): () => void {
  const ends = [
    store.subscribe((task) => add(keyOf(task))),
    watches.subscribe((clusterKey) => {
      for (const task of store.ofCluster(clusterKey)) add(keyOf(task));
    }),
  ];
  return () => {
    for (const end of ends) end();
  };
}

/** A restore waits for the backup that it names. */
function wakeByBackups({ backups: made, restores: waiting }: Watches, add: Add): () => void {
  return made.subscribe(({ metadata }) => {
    const named = waiting.list(metadata.namespace).filter(({ spec }) => spec.source.backupRef?.name === metadata.name);
    for (const restore of named) add(keyOf(restore));
  });
}
