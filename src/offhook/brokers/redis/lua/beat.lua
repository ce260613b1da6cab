-- How far the server has counted.
-- KEYS: count, generation
-- Answer: stamp
return {stamp()}
