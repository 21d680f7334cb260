/**
 * Layered drawing (Sugiyama, Tagawa and Toda 1981): layers by longest path, order within a layer by barycentres.
 * An edge over several layers goes through a place of its own in each, straight down, so that it passes beside the
 * nodes and bends between the layers only.
 */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  /** Centre of every node. */
  readonly places: readonly Point[];
  /** Top and bottom of the layer of every node. */
  readonly layers: readonly { readonly top: number; readonly bottom: number }[];
  /** Where every edge enters and leaves the layers between its ends. */
  readonly routes: readonly (readonly Point[])[];
  readonly width: number;
  readonly height: number;
}

/** Nodes are numbered so that every edge goes from a lower number to a higher one. */
export function layered(
  nodes: readonly { readonly width: number; readonly height: number }[],
  edges: readonly (readonly [from: number, to: number])[],
): Layout {
  const layer = layersOf(nodes.length, edges);
  const sizes = [...nodes];
  const routed = edges.map(([from, to]) => {
    const chain: number[] = [];
    for (let l = (layer[from] as number) + 1; l < (layer[to] as number); l++) {
      chain.push(sizes.push({ width: 6, height: 0 }) - 1);
      layer.push(l);
    }
    return [from, ...chain, to];
  });
  const before: number[][] = sizes.map(() => []);
  const after: number[][] = sizes.map(() => []);
  for (const chain of routed) {
    chain.slice(1).forEach((to, i) => {
      before[to]?.push(chain[i] as number);
      after[chain[i] as number]?.push(to);
    });
  }
  const rows: number[][] = Array.from({ length: Math.max(0, ...layer) + 1 }, () => []);
  layer.forEach((l, i) => {
    rows[l]?.push(i);
  });

  const gap = { x: 28, y: 56 };
  const x = new Array<number>(sizes.length).fill(0);
  const arrange = (row: readonly number[]): void => {
    let at = 0;
    for (const i of row) {
      const { width } = sizes[i] as { width: number };
      x[i] = at + width / 2;
      at += width + gap.x;
    }
    for (const i of row) x[i] = (x[i] as number) - (at - gap.x) / 2;
  };
  rows.forEach(arrange);
  for (let sweep = 0; sweep < 8; sweep++) {
    const down = sweep % 2 === 0;
    const neighbours = down ? before : after;
    for (const row of down ? rows : rows.toReversed()) {
      const weight = (i: number): number => {
        const list = neighbours[i] as number[];
        return list.length === 0 ? (x[i] as number) : list.reduce((s, k) => s + (x[k] as number), 0) / list.length;
      };
      const order = new Map(row.map((i) => [i, weight(i)]));
      row.sort((a, b) => (order.get(a) as number) - (order.get(b) as number) || a - b);
      arrange(row);
    }
  }

  const margin = 24;
  const left = Math.min(0, ...sizes.map((s, i) => (x[i] as number) - s.width / 2));
  const right = Math.max(0, ...sizes.map((s, i) => (x[i] as number) + s.width / 2));
  const y = new Array<number>(sizes.length).fill(0);
  const bands: { top: number; bottom: number }[] = [];
  let top = margin;
  for (const row of rows) {
    const height = Math.max(0, ...row.map((i) => (sizes[i] as { height: number }).height));
    for (const i of row) y[i] = top + height / 2;
    bands.push({ top, bottom: top + height });
    top += height + gap.y;
  }
  const xOf = (i: number): number => (x[i] as number) - left + margin;
  const band = (i: number): { top: number; bottom: number } => bands[layer[i] as number] as (typeof bands)[number];
  const passing = (i: number): Point[] => [
    { x: xOf(i), y: band(i).top },
    { x: xOf(i), y: band(i).bottom },
  ];
  return {
    places: nodes.map((_, i) => ({ x: xOf(i), y: y[i] as number })),
    layers: nodes.map((_, i) => band(i)),
    routes: routed.map((chain) => chain.slice(1, -1).flatMap(passing)),
    width: right - left + 2 * margin,
    height: Math.max(top - gap.y + margin, 2 * margin),
  };
}

function layersOf(count: number, edges: readonly (readonly [from: number, to: number])[]): number[] {
  const layer = new Array<number>(count).fill(0);
  const fed = new Array<boolean>(count).fill(false);
  for (const [from, to] of [...edges].sort((a, b) => a[1] - b[1])) {
    fed[to] = true;
    layer[to] = Math.max(layer[to] as number, (layer[from] as number) + 1);
  }
  // What nothing feeds stands just above what it feeds.
  layer.forEach((_, i) => {
    const next = edges.filter(([from]) => from === i).map(([, to]) => layer[to] as number);
    if (!fed[i] && next.length > 0) layer[i] = Math.min(...next) - 1;
  });
  return layer;
}
