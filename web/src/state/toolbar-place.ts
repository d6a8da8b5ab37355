/** Edges of a row and of the list that it scrolls in, in pixels on the screen. */
export interface ToolbarRoom {
  rowTop: number;
  rowBottom: number;
  listTop: number;
  listBottom: number;
  listWidth: number;
  /** Of the toolbar itself. */
  height: number;
}

/** Below this width the toolbar is as wide as most messages: over the row it would hide what it is about. */
const NARROW_PX = 480;
/** On a wide list it reaches this far over the upper edge of its row. */
const OVERLAP_PX = 12;
const GAP_PX = 4;

/**
 * How far below the upper edge of its row the toolbar stands, in pixels. In a narrow list it stays clear of the message, above it or
 * else below; it never goes over an edge of the list, where it could not be reached.
 */
export function placeToolbar({ rowTop, rowBottom, listTop, listBottom, listWidth, height }: ToolbarRoom): number {
  const isNarrow = listWidth < NARROW_PX;
  const above = isNarrow ? -height : -OVERLAP_PX;
  if (rowTop + above >= listTop) return above;
  const below = rowBottom - rowTop;
  if (isNarrow && rowBottom + height <= listBottom) return below;
  return listTop - rowTop + GAP_PX;
}
