import { microTime } from './lease-record.ts';
import { defineResource, type KubeObject } from './object.ts';

export interface RecordedEvent {
  /** What it is about; its events are shown by `kubectl describe`. */
  regarding: KubeObject;
  type: 'Normal' | 'Warning';
  /** CamelCase, for machines. */
  reason: string;
  /** What was being done, CamelCase. */
  action: string;
  /** For people; cut at 1,024 bytes. */
  note: string;
}

/** Everything that makes two events the same one, seen again. */
export function seriesKey({ regarding, type, reason, action, note }: RecordedEvent): string {
  const { uid, namespace, name } = regarding.metadata;
  return JSON.stringify([regarding.kind, uid, namespace, name, type, reason, action, note]);
}

export interface KubeEvent extends KubeObject {
  series?: { count: number; lastObservedTime: string };
}

export const EVENTS = defineResource<KubeEvent>({ apiVersion: 'events.k8s.io/v1', kind: 'Event', plural: 'events', namespaced: true });

const maxNoteBytes = 1_024;
const maxNameChars = 200;

/** At a character's end: a cut one would become U+FFFD, which is longer. */
export function cutNote(note: string): string {
  const bytes = Buffer.from(note);
  if (bytes.length <= maxNoteBytes) return note;
  let end = maxNoteBytes;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end).toString();
}

export function eventNamespace({ metadata, kind }: KubeObject): string {
  return kind === 'Namespace' ? 'default' : (metadata.namespace ?? 'default');
}

export function eventObject(event: RecordedEvent, by: { controller: string; instance: string; id: string; at: Date }): KubeEvent & object {
  const { apiVersion, kind, metadata } = event.regarding;
  const { namespace, name, uid, resourceVersion } = metadata;
  const object = {
    metadata: { name: `${name.slice(0, maxNameChars)}.${by.id}`, namespace: eventNamespace(event.regarding) },
    eventTime: microTime(by.at),
    reportingController: by.controller,
    reportingInstance: by.instance.slice(0, 128),
    type: event.type,
    reason: event.reason.slice(0, 128),
    action: event.action.slice(0, 128),
    note: cutNote(event.note),
    regarding: { apiVersion, kind, namespace, name, uid, resourceVersion },
  };
  return object;
}
