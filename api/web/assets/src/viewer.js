// Draws a diagram with the markers the server names: done, active, stuck. The table beside it carries the meaning.
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';

for (const holder of document.querySelectorAll('[data-diagram]')) {
  draw(holder).catch(() => {
    holder.hidden = true;
    holder.insertAdjacentText('afterend', 'This diagram cannot be drawn here. The table shows the same steps.');
  });
}

async function draw(holder) {
  const { xml, markers, badges } = JSON.parse(document.getElementById(holder.dataset.diagram).textContent);
  const viewer = new NavigatedViewer({ container: holder });
  await viewer.importXML(xml);
  const canvas = viewer.get('canvas');
  const registry = viewer.get('elementRegistry');
  for (const [element, name] of Object.entries(markers)) {
    if (registry.get(element)) canvas.addMarker(element, `rd-${name}`);
  }
  const overlays = viewer.get('overlays');
  for (const [element, text] of Object.entries(badges ?? {})) {
    if (!registry.get(element)) continue;
    const badge = document.createElement('span');
    badge.className = 'rd-token';
    badge.textContent = text;
    overlays.add(element, { position: { top: -12, right: 12 }, html: badge });
  }
  canvas.zoom('fit-viewport', 'auto');
  const focus = registry.get(holder.dataset.focus);
  if (focus) {
    canvas.zoom(1);
    canvas.scrollToElement(focus, 120);
  }
}
