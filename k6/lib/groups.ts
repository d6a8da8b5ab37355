/** Consecutive indexes in groups of `size`; a rest too small for a group of its own joins the last one. */
export function planGroups(count: number, size: number): number[][] {
  const groups = Math.max(1, Math.floor(count / size));
  return Array.from({ length: groups }, (_, g) => {
    const end = g === groups - 1 ? count : (g + 1) * size;
    return Array.from({ length: end - g * size }, (_unused, i) => g * size + i);
  });
}
