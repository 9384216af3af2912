import { expect, test } from 'vitest';
import { type DrawnPicture, PictureScene } from './draw-pictures.ts';

/** Notes what is drawn where. */
class NotedContext {
  fillStyle = '';
  calls: string[] = [];

  fillRect(...place: number[]): void {
    this.calls.push(`black ${place.join(' ')}`);
  }

  drawImage(image: unknown, ...place: number[]): void {
    this.calls.push(`${String(image)} ${place.join(' ')}`);
  }

  take(): string[] {
    const { calls } = this;
    this.calls = [];
    return calls;
  }
}

function scene(): { scene: PictureScene; context: NotedContext } {
  const context = new NotedContext();
  return {
    scene: new PictureScene(context, { width: 1280, height: 720 }),
    context,
  };
}

function picture(name: string, version: number | undefined, width = 1280, height = 720): DrawnPicture {
  return { image: name as unknown as CanvasImageSource, version, width, height };
}

test('the camera sits on the screen', () => {
  const { scene: drawn, context } = scene();
  drawn.draw(picture('screen', 1), picture('camera', 1, 640, 360));
  expect(context.take()).toEqual([
    'black 0 0 1280 720',
    'screen 0 0 1280 720',
    'black 924 508 336 192',
    'camera 926 510 332 188',
  ]);
});

test('a screen that did not change is not drawn again, the camera is', () => {
  const { scene: drawn, context } = scene();
  drawn.draw(picture('screen', 1), picture('camera', 1, 640, 360));
  context.take();
  drawn.draw(picture('screen', 1), picture('camera', 2, 640, 360));
  expect(context.take().map((call) => call.split(' ')[0])).toEqual(['black', 'camera']);
});

test('a camera that turns portrait leaves nothing behind', () => {
  const { scene: drawn, context } = scene();
  drawn.draw(picture('screen', 1), picture('camera', 1, 640, 360));
  context.take();
  drawn.draw(picture('screen', 1), picture('camera', 2, 360, 640));
  expect(context.take()[1]).toBe('screen 0 0 1280 720');
});

test('pictures that nobody can tell apart are drawn each time', () => {
  const { scene: drawn, context } = scene();
  for (let count = 0; count < 2; count += 1) {
    drawn.draw(picture('screen', undefined), undefined);
  }
  expect(context.take().filter((call) => call.startsWith('screen'))).toHaveLength(2);
});

test('without a picture all is black, and a picture without a size counts as none', () => {
  const { scene: drawn, context } = scene();
  drawn.draw(undefined, undefined);
  drawn.draw(picture('screen', 1, 0, 0), undefined);
  expect(context.take()).toEqual(['black 0 0 1280 720', 'black 0 0 1280 720']);
});

test('before the screen gives a picture the camera has the whole place', () => {
  const { scene: drawn, context } = scene();
  drawn.draw(undefined, picture('camera', 1, 640, 360));
  expect(context.take()[1]).toBe('camera 0 0 1280 720');
});
