import { expect, it } from 'vitest';
import { describeInLab, picture } from '../support/lab-suite.js';

const SLIDER = '.jupyter-widgets.widget-slider';

describeInLab('widgets in JupyterLab', (lab) => {
  it('a slider moved in the page changes the value in the session, and the other way round', async () => {
    const notebook = await lab.write('slider', [
      'import ipywidgets as widgets\nslider = widgets.IntSlider(value=3, min=0, max=10, description="size")\nseen = widgets.Label()\nslider.observe(lambda change: setattr(seen, "value", f"seen {change.new}"), "value")\nwidgets.VBox([slider, seen])',
      'print("value", slider.value)',
      'slider.value = 8',
    ]);
    await notebook.run(0);
    const handle = notebook.output(0).locator(`${SLIDER} .noUi-handle`);
    await handle.waitFor();
    await handle.focus();
    await notebook.page.keyboard.press('ArrowUp');
    await notebook.page.keyboard.press('ArrowUp');
    // A widget keeps its second value back until the first has been handled. A cell that is run
    // before that goes ahead of it, with every kernel.
    await notebook.output(0).getByText('seen 5').waitFor();
    expect(await notebook.run(1)).toContain('value 5');
    await notebook.run(2);
    await notebook.output(0).locator('.widget-readout', { hasText: '8' }).waitFor();
    await picture(notebook, 'widgets');
    await notebook.close();
  }, 120_000);

  it('a slider moved while a cell computes is seen by the cell and by its callbacks', async () => {
    const notebook = await lab.write('busy', [
      'import ipywidgets as widgets\nslider, double = widgets.IntSlider(), widgets.IntSlider()\nout = widgets.Output()\n@out.capture()\ndef on_change(change):\n    double.value = 2 * change["new"]\n    print("changed to", change["new"])\nslider.observe(on_change, "value")\nwidgets.VBox([slider, double, out])',
      'import time\nseen = []\nfor _ in range(1200):\n    time.sleep(0.05)\n    if slider.value not in seen:\n        seen.append(slider.value)\n        print("seen", slider.value, flush=True)\n    if slider.value == 3: break',
    ]);
    await notebook.run(0);
    const first = notebook.output(0).locator(SLIDER).first();
    await first.locator('.noUi-handle').waitFor();
    await notebook.start(1);
    await notebook.output(1).getByText('seen 0').waitFor();
    await first.locator('.noUi-handle').focus();
    for (const value of [1, 2, 3]) {
      await notebook.page.keyboard.press('ArrowUp');
      await notebook.output(0).getByText(`changed to ${value}`).waitFor();
      await notebook.output(1).getByText(`seen ${value}`).waitFor();
    }
    expect(await notebook.finished(1)).toMatch(/seen 0\s+seen 1\s+seen 2\s+seen 3/);
    await notebook
      .output(0)
      .locator(SLIDER)
      .nth(1)
      .locator('.widget-readout', { hasText: '6' })
      .waitFor();
    await notebook.close();
  }, 120_000);

  it('a page that is loaded again during a long cell shows its widgets, and they work', async () => {
    const notebook = await lab.write('reloaded', [
      'import ipywidgets as widgets\nslider = widgets.IntSlider(value=4)\nslider',
      'import time\nprint("begun", flush=True)\nfor _ in range(1200):\n    time.sleep(0.05)\n    if slider.value == 6: break\nelse:\n    raise TimeoutError',
      'slider.value',
    ]);
    await notebook.run(0);
    await notebook.output(0).locator(`${SLIDER} .noUi-handle`).waitFor();
    await notebook.choose('File', 'docmanager:save');
    await expect.poll(() => lab.saved('reloaded.ipynb'), { timeout: 20_000 }).toContain('model_id');
    await notebook.start(1);
    await notebook.output(1).getByText('begun').waitFor();
    await notebook.page.reload();
    const slider = notebook.output(0).locator(SLIDER);
    await slider.locator('.widget-readout', { hasText: '4' }).waitFor();
    await slider.locator('.noUi-handle').focus();
    await notebook.page.keyboard.press('ArrowUp');
    await notebook.page.keyboard.press('ArrowUp');
    // It waits for the long cell, which ends when it sees that.
    expect(await notebook.run(2)).toContain('6');
    await notebook.close();
  }, 120_000);

  it('a callback prints below its widget while a cell awaits', async () => {
    const notebook = await lab.write('callback', [
      'import ipywidgets as widgets\nslider = widgets.IntSlider()\nout = widgets.Output()\n@out.capture()\ndef on_change(change):\n    print("changed to", change["new"])\nslider.observe(on_change, "value")\nwidgets.VBox([slider, out])',
      'import asyncio\nwhile slider.value < 2:\n    await asyncio.sleep(0.05)\nprint("seen", slider.value)',
    ]);
    await notebook.run(0);
    const handle = notebook.output(0).locator(`${SLIDER} .noUi-handle`);
    await handle.waitFor();
    await notebook.start(1);
    await handle.focus();
    await notebook.page.keyboard.press('ArrowUp');
    await notebook.output(0).getByText('changed to 1').waitFor();
    await notebook.page.keyboard.press('ArrowUp');
    await notebook.output(0).getByText('changed to 2').waitFor();
    expect(await notebook.finished(1)).toContain('seen 2');
    await notebook.close();
  }, 120_000);

  it('interact calls its function again with each value', async () => {
    const notebook = await lab.write('interact', [
      'from ipywidgets import interact\n@interact(x=(0, 5), name=["a", "b"])\ndef show(x=1, name="a"):\n    print(name * x)',
    ]);
    await notebook.run(0);
    const output = notebook.output(0);
    const printed = output.locator('.widget-output');
    await printed.getByText('a', { exact: true }).waitFor();
    await output.locator(`${SLIDER} .noUi-handle`).focus();
    await notebook.page.keyboard.press('ArrowUp');
    await printed.getByText('aa').waitFor();
    await output.locator('.widget-dropdown select').selectOption('b');
    await printed.getByText('bb').waitFor();
    await notebook.close();
  }, 120_000);

  it('tqdm.notebook moves its bar while the cell runs', async () => {
    const notebook = await lab.write('tqdm', [
      'from tqdm.notebook import tqdm\nimport time\nfor _ in tqdm(range(20), desc="steps"):\n    time.sleep(0.1)',
    ]);
    await notebook.start(0);
    const output = notebook.output(0);
    await output.getByText(/\b([5-9]|1\d)\/20/).waitFor();
    await notebook.finished(0);
    await output.getByText('20/20').waitFor();
    expect(await output.locator('.progress-bar-success').count()).toBe(1);
    await notebook.close();
  }, 120_000);

  it('the state of widgets is saved in the notebook and drawn again without a kernel', async () => {
    const notebook = await lab.write('saved', [
      'import ipywidgets as widgets\nwidgets.IntSlider(value=7, description="kept")',
    ]);
    await notebook.run(0);
    await notebook.output(0).locator(SLIDER).waitFor();
    await notebook.choose('Settings', '@jupyter-widgets/jupyterlab-manager:saveWidgetState');
    await notebook.choose('File', 'docmanager:save');
    await expect
      .poll(() => lab.saved('saved.ipynb'), { timeout: 20_000 })
      .toContain('application/vnd.jupyter.widget-state+json');
    const { metadata } = JSON.parse(await lab.saved('saved.ipynb'));
    const { state } = metadata.widgets['application/vnd.jupyter.widget-state+json'];
    expect(Object.values(state)).toContainEqual(
      expect.objectContaining({
        model_name: 'IntSliderModel',
        state: expect.objectContaining({ value: 7, description: 'kept' }),
      }),
    );
    await notebook.choose('Kernel', 'kernelmenu:shutdown');
    await notebook.close();
    const again = await lab.open('saved.ipynb');
    await again.output(0).locator(`${SLIDER} .widget-readout`, { hasText: '7' }).waitFor();
    await again.close();
  }, 120_000);
});
