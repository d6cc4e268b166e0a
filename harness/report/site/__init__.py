"""The results as a static site: pages that open from disk, ask nobody for anything and show the evidence.

`harness.report.site.content` says what stands on the pages, as values; `harness.report.site.render` puts it into the
templates, where all text is made harmless; `harness.report.site.folder` writes the files.
"""
