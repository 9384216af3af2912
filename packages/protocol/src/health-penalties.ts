/** `[value, points lost]`, straight lines between; below the first nothing is lost, above the last no more. */
export type Penalty = readonly (readonly [number, number])[];

/** Round trip in ms. 100 is good and 250 fair for live video: beyond, lost packets come again too late. */
export const RTT_PENALTY: Penalty = [
  [100, 0],
  [250, 21],
  [500, 40],
];
/** Percent of packets that had to be resent or are gone: 1 is good, 3 fair, above poor. */
export const LOSS_PENALTY: Penalty = [
  [1, 0],
  [3, 21],
  [5, 51],
  [15, 70],
];
/** Missing percent of the frames per second: 5 is good, 20 fair. */
export const FRAMES_PENALTY: Penalty = [
  [5, 0],
  [20, 51],
  [60, 80],
];

/** The points that a value costs. */
export function pointsLost(penalty: Penalty, value: number): number {
  let [fromValue, fromPoints] = penalty[0] ?? [0, 0];
  if (value <= fromValue) return 0;
  for (const [toValue, toPoints] of penalty.slice(1)) {
    if (value <= toValue)
      return fromPoints + ((toPoints - fromPoints) * (value - fromValue)) / (toValue - fromValue);
    [fromValue, fromPoints] = [toValue, toPoints];
  }
  return fromPoints;
}
