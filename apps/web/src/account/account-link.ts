import { element } from '../element.ts';
import './account-link.css';
import { NoticeBar } from './notice-bar.ts';
import { fetchMe, post } from './session.ts';
import { fetchSignInOptions } from './sign-in-options.ts';

/**
 * Who is signed in, for the page's head: the name and a way out, or the way in; at the foot what there is to tell them. Nothing where the server has no accounts
 * (`ROLE=media`), which a page learns from `GET /api/sign-in-options`.
 */
export async function accountLink(): Promise<HTMLElement | undefined> {
  if ((await fetchSignInOptions()) === undefined) {
    return undefined;
  }
  const me = await fetchMe();
  if (me === undefined) {
    const link = element('a', { className: 'button', text: 'Sign in' });
    const here = location.pathname + location.search;
    link.href = `/sign-in?next=${encodeURIComponent(here)}`;
    return link;
  }
  // Who broadcasts is not to be disturbed.
  if (!location.pathname.startsWith('/studio')) {
    document.querySelector('main')?.after(new NoticeBar().root);
  }
  const leave = element('button', { className: 'button', text: 'Sign out' });
  leave.addEventListener('click', () => {
    void post('/api/auth/sign-out', {}).finally(() => {
      location.reload();
    });
  });
  const streams = element('a', { className: 'button', text: 'My streams' });
  streams.href = '/streams';
  const name = element(me.isGuest ? 'span' : 'a', { className: 'who', text: me.displayName });
  if (name instanceof HTMLAnchorElement) {
    name.href = '/account';
    name.title = 'My account';
  }
  return element('span', { className: 'account-link' }, name, ...(me.isGuest ? [] : [streams]), leave);
}
