/** Style of the reference page; part of it, because the page may load nothing. */
export const REFERENCE_STYLE = `
:root { color-scheme: light dark; --ink: #1c2026; --soft: #5b6470; --line: #d9dee5; --paper: #fff; --shade: #f4f6f8; --red: #c9253c; --link: #1556b4 }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebef; --soft: #9aa5b3; --line: #333b46; --paper: #14181d; --shade: #1c2229; --red: #ff5c72; --link: #7db2ff } }
* { box-sizing: border-box }
html { scroll-padding-top: 1rem }
body { margin: 0; display: grid; grid-template-columns: minmax(15rem, 22rem) minmax(0, 1fr); font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper) }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1rem; border-right: 1px solid var(--line); background: var(--shade); font-size: .82rem }
nav h2 { margin: 1.1rem 0 .2rem; font-size: .8rem; letter-spacing: .02em }
nav ul { list-style: none; margin: 0; padding: 0 }
nav li a { display: block; padding: .15rem .3rem; border-radius: .25rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: inherit; font-family: ui-monospace, monospace }
nav li a:hover { background: var(--line); text-decoration: none }
.brand { margin: 0; font-size: 1.1rem; font-weight: 700 }
.brand small { color: var(--soft); font-weight: 400 }
.light { display: inline-block; width: .7em; height: .7em; margin-right: .45em; border-radius: 50%; background: var(--red) }
main { max-width: 62rem; padding: 1rem clamp(1rem, 4vw, 3rem) 6rem }
h1 { font-size: 2rem; margin: 1rem 0 .5rem }
main h2 { margin: 3rem 0 0; padding-bottom: .3rem; border-bottom: 2px solid var(--line); font-size: 1.4rem }
section { padding: .5rem 0 1rem; border-bottom: 1px solid var(--line) }
section:target { outline: 2px solid var(--link); outline-offset: .5rem; border-radius: .25rem }
h3 { margin: 1rem 0 .25rem; font-size: 1rem; overflow-wrap: anywhere }
h4 { margin: .8rem 0 .2rem; font-size: .8rem; color: var(--soft) }
.lead { color: var(--soft) }
a { color: var(--link); text-decoration: none }
a:hover { text-decoration: underline }
b.GET, b.POST, b.PUT, b.PATCH, b.DELETE { font: 700 .72rem/1 ui-monospace, monospace; color: var(--link) }
b.POST, b.PUT, b.PATCH { color: #1b7f4d }
b.DELETE, b.no { color: var(--red) }
b.ok { color: #1b7f4d }
code, pre { font-family: ui-monospace, monospace; font-size: .85em }
pre { margin: .2rem 0; padding: .7rem .9rem; overflow: auto; border: 1px solid var(--line); border-radius: .4rem; background: var(--shade) }
table { width: 100%; border-collapse: collapse; font-size: .88rem }
td, th { padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: anywhere }
@media (max-width: 52rem) { body { display: block } nav { position: static; height: auto; max-height: 40vh; border: 0; border-bottom: 1px solid var(--line) } }
`;
