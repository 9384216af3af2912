/** Makes an element with a class, a text and children; text never becomes markup. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  options: { readonly className?: string; readonly text?: string; readonly hidden?: boolean } = {},
  ...children: Node[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  if (options.className !== undefined) {
    made.className = options.className;
  }
  if (options.text !== undefined) {
    made.textContent = options.text;
  }
  made.hidden = options.hidden ?? false;
  made.append(...children);
  return made;
}

/** Sets a text only when it differs, so that screen readers and the layout are left in peace. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) {
    target.textContent = text;
  }
}

/** Makes these the children, in this order, without touching those that stay: focus, selection and scrolling are left in peace. */
export function arrange(parent: Element, wanted: readonly Element[]): void {
  const staying = new Set<Element>(wanted);
  for (const child of [...parent.children]) {
    if (!staying.has(child)) {
      child.remove();
    }
  }
  let next = parent.firstElementChild;
  for (const child of wanted) {
    if (child === next) {
      next = next.nextElementSibling;
    } else {
      parent.insertBefore(child, next);
    }
  }
}
