import { File, FileArchive, FileAudio, FileCode, FileImage, FileSpreadsheet, FileText, FileVideo, type LucideIcon } from 'lucide-react';

const byType: readonly [RegExp, LucideIcon][] = [
  [/^image\//, FileImage],
  [/^video\//, FileVideo],
  [/^audio\//, FileAudio],
  [/zip|tar|compressed|gzip|7z|rar/, FileArchive],
  [/spreadsheet|excel|csv/, FileSpreadsheet],
  [/json|xml|html|javascript|x-sh/, FileCode],
  [/^text\/|pdf|word|document/, FileText],
];

/** The kind of a file at a glance. */
export function FileIcon({ type, name }: { type: string; name: string }) {
  const Icon = byType.find(([pattern]) => pattern.test(type))?.[1] ?? File;
  const ending = /\.([a-z0-9]{1,5})$/i.exec(name)?.[1];
  return (
    <span className="flex size-10 shrink-0 flex-col items-center justify-center rounded-sm bg-a3 text-a11" aria-hidden>
      <Icon className="size-[18px]" />
      {ending && <span className="max-w-9 truncate text-[9px]/[11px] font-semibold uppercase">{ending}</span>}
    </span>
  );
}
