function e(e,t,n){let r=t?.slice(0,2);return r?r!==n&&(e[r]?.includes(n)??!1):Object.values(e).some(e=>e.includes(n))}function t(e,t){return{warning:e.spoiler_text??``,text:r(e.content),from:e.detected_source_language??t??`und`,to:e.language,by:e.provider}}var n=(e,t)=>new Intl.DisplayNames(t,{type:`language`,fallback:`code`}).of(e)??e;function r(e){let t=e.replace(/<br\s*\/?>/gi,`
`).replace(/<\/p>\s*(?=<p)/gi,`

`);return new DOMParser().parseFromString(t,`text/html`).body.textContent?.trim()??``}export{e as n,t as r,n as t};