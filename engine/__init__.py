"""The workflow engine: FEEL, DMN, forms, BPMN execution and its store. It knows no Flask and no complaint.

Floors, lowest first: ground modules here; ``feel``; ``dmn`` and ``forms``; ``dialect`` and ``store``; ``execution``;
``commands``; ``jobs``; and ``engine.engine``, the front door. A module imports its own floor and floors below.
"""
