function e(e,t,n){let r=t?.slice(0,2);return r?r!==n&&(e[r]?.includes(n)??!1):Object.values(e).some(e=>e.includes(n))}function t(e,t){return{warning:e.spoiler_text??``,text:n(e.content),from:e.detected_source_language??t??`und`,to:e.language,by:e.provider}}function n(e){let t=e.replace(/<br\s*\/?>/gi,`
`).replace(/<\/p>\s*(?=<p)/gi,`

`);return new DOMParser().parseFromString(t,`text/html`).body.textContent?.trim()??``}export{t as n,e as t};