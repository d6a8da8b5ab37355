import type { ReactNode } from 'react';
import { useText } from '../app/context.tsx';
import { Button } from '../ui/Button.tsx';
import type { Pages } from './pages.ts';

type Props<T> = {
  pages: Pick<Pages<T>, 'items' | 'error'> & Partial<Pages<T>>;
  testId: string;
  /** What to say, and to do, where there is nothing. */
  empty?: string;
  children: (item: T) => ReactNode;
};

/** The states that every list of the administration has. */
export function List<T extends { id: string }>({ pages, testId, empty, children }: Props<T>) {
  const { t } = useText();
  if (pages.error)
    return (
      <p role="alert" className="py-6 text-base text-danger">
        {t(pages.error)}
      </p>
    );
  if (!pages.items)
    return (
      <div aria-busy className="flex flex-col gap-2 py-2">
        {['a', 'b', 'c'].map((key) => (
          <div key={key} className="skeleton h-14" />
        ))}
      </div>
    );
  if (pages.items.length === 0) return <p className="py-6 text-base text-n10">{empty ?? t('nothingHere')}</p>;
  return (
    <>
      <ul data-testid={testId} className="divide-y divide-n6">
        {pages.items.map((item) => (
          <li key={item.id} data-id={item.id} className="flex flex-wrap items-center gap-x-4 gap-y-2 py-3">
            {children(item)}
          </li>
        ))}
      </ul>
      {pages.hasMore && (
        <Button look="secondary" className="mt-3" onClick={pages.more}>
          {t('loadMore')}
        </Button>
      )}
    </>
  );
}

/** What a row is, and a line below it. */
export function RowText({ title, tags = [], children }: { title: ReactNode; tags?: readonly string[]; children: ReactNode }) {
  return (
    <div className="min-w-0 flex-[1_1_14rem]">
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1 text-base font-medium wrap-anywhere">
        {title}
        {tags.map((tag) => (
          <span key={tag} className="rounded-sm bg-warning-bg px-1.5 text-xs font-medium text-warning">
            {tag}
          </span>
        ))}
      </p>
      <p className="text-sm text-n10 wrap-anywhere">{children}</p>
    </div>
  );
}
