globalThis.addEventListener('message', (event: MessageEvent<number>) => {
  setInterval(() => {
    globalThis.postMessage(undefined, {});
  }, event.data);
});
